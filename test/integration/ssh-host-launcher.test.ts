import '../helpers/over-ssh';
import './local-host-launcher.test';
