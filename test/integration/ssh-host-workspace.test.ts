import '../helpers/over-ssh';
import './local-host-workspace.test';
